"""Who works here and on what: users and drafts."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from playground.sandbox.models import Draft
from simulations.admin import ReadOnlyAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class PeopleAdmin(GroupAdmin, ModelAdmin):
    pass


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ["title", "owner", "version", "updated"]
    search_fields = ["title"]
    list_filter = ["updated"]
