"""The application that a WSGI server runs."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
application = get_wsgi_application()

# a page asks the database a dozen times or more, and after each answer its thread waits for the interpreter: with the usual 5 ms a few busy
# neighbours make that most of the page's time
sys.setswitchinterval(0.0005)
