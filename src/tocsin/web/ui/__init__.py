"""What all pages share: the frame, styles, and how numbers are said."""
