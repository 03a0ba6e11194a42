"""What `perform` does for one action, where that is more than a verb: no opinions here either."""
