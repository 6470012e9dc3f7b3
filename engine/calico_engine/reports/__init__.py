"""The only room that formats: answers and findings as text and as JSON."""
