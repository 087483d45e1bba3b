"""AppArmor profiles of the site: checked before they replace others, loaded, removed."""
