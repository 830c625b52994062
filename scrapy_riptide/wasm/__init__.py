"""The host runtime: everything between an extractor and wasmtime. Knows nothing of Scrapy."""
