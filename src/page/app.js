/* app: the page as a whole. */
