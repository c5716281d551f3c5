from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "heed.profiles"
    label = "profiles"

    def ready(self) -> None:
        from heed.profiles.register import register

        register()
