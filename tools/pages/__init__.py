"""What of the documentation is made of the code: documents and pages. Knows no page by hand."""
