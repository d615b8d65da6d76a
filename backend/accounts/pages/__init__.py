"""Pages that Django renders whole: records, forms and lists, which work without a script."""
