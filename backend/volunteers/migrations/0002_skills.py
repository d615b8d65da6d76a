"""The ten service categories and the first qualifications."""

from django.db import migrations

CATEGORIES = {
    "rescue": "Emergency rescue",
    "city": "City operation",
    "culture": "Culture and education",
    "care": "Care services",
    "community": "Community services",
    "environment": "Environment protection",
    "healthcare": "Healthcare",
    "psychology": "Psychological consultation",
    "legal": "Legal aid",
    "patrol": "Patrol",
}
QUALIFICATIONS = {"first-aid": "First aid", "radio": "Radio", "boat": "Boat", "drone": "Drone"}


def add_skills(apps, schema_editor):
    Skill = apps.get_model("volunteers", "Skill")
    named = [(code, name, True) for code, name in CATEGORIES.items()]
    named += [(code, name, False) for code, name in QUALIFICATIONS.items()]
    Skill.objects.bulk_create(
        [Skill(code=code, name=name, is_category=is_category) for code, name, is_category in named]
    )


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0001_initial")]
    operations = [migrations.RunPython(add_skills, migrations.RunPython.noop)]
