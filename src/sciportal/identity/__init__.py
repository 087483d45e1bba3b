"""The two front doors of a site: Shibboleth and client certificates."""
