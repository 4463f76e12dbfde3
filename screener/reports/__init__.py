"""Reports: documents to text, text to securities, dates, authors, ratings and claims."""
