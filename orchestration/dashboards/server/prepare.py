"""Bring Superset's own tables up to date, and import the dashboards; run in Superset's environment.

    python prepare.py BUNDLE

Needs `SUPERSET_CONFIG_PATH`, and `RETENTION_BI_PASSWORD` for a first start. An import again replaces what the
bundle holds and removes what an earlier bundle held; what people made themselves stays.
"""

import os
import sys
import zipfile
from pathlib import Path

ADMINISTRATOR = "admin"


def main(bundle: Path) -> None:
    """Prepare the home that the configuration names, and import `bundle`."""
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask import g
        from flask_migrate import upgrade
        from superset import appbuilder, db, security_manager
        from superset.utils.core import override_user

        upgrade()
        if not security_manager.find_role("Alpha"):
            # What `superset init` does: the tables were not there yet when the application was made.
            appbuilder.add_permissions(update_perms=True)
            security_manager.sync_role_definitions()
        administrator = security_manager.find_user(ADMINISTRATOR)
        if administrator is None:
            administrator = security_manager.add_user(
                ADMINISTRATOR,
                "Retention",
                "Administrator",
                "admin@localhost",
                security_manager.find_role("Admin"),
                password=os.environ["RETENTION_BI_PASSWORD"],
            )
        g.user = administrator
        with override_user(administrator):
            _import(_contents(bundle))
            db.session.commit()


def _contents(bundle: Path) -> dict[str, str]:
    with zipfile.ZipFile(bundle) as archive:
        return {
            name.partition("/")[2]: archive.read(name).decode("utf-8") for name in sorted(archive.namelist())
        }


def _import(contents: dict[str, str]) -> None:
    import json

    from superset import db
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    ImportAssetsCommand(contents).run()
    kept = {json.loads(text).get("uuid") for text in contents.values()}
    for model in (Dashboard, Slice, SqlaTable):
        for found in db.session.query(model).filter_by(is_managed_externally=True):
            if str(found.uuid) not in kept:
                db.session.delete(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
