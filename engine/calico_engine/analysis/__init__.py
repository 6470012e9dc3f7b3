"""Pure questions over the readers: each verb returns data, none formats text."""
