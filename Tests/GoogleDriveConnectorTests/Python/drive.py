"""Acts of google-api-python-client, each equal to what a tool does."""
