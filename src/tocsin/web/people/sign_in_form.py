"""The form of signing in: two questions in plain words, without grey words inside the fields that vanish as one types."""

from typing import Any

from allauth.account.forms import LoginForm


class SignIn(LoginForm):
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""
