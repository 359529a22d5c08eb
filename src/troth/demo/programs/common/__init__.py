"""What the three programs share: the licence, the command line around it, and how they speak."""
