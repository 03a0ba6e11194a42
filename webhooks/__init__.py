"""Every way in over HTTP. Imports bot; never the reverse."""
