"""A synthetic country to try the product on. Its places and people do not exist; its rates are near those published for England."""
