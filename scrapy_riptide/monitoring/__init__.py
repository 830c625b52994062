"""What a crawl shows of itself: its stats, and metrics, health and a live page while it runs."""
