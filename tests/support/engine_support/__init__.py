"""What several test files share: recorded files with their findings, and the command run as a user would."""
