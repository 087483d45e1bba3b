"""Applications that come with the portal: descriptors, and examples of what to submit."""
