"""The office: the maker's pages over the parts' faces. For now one page, orders, on this machine only."""
