"""Works out the vectors of the shipped register, so that loading it takes seconds: needed whenever its texts or the measure change.

python tools/register_vectors.py
"""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")


def main() -> None:
    import django

    django.setup()
    from tocsin.learn.register import register
    from tocsin.web.learn import shipped_vectors

    texts = [item.text for item in register().items]
    path = Path(shipped_vectors.__file__).with_name(shipped_vectors.NAME)
    size = shipped_vectors.build(texts, path)
    print(f"{path.name}: {len(set(texts)):,} vectors, {size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
