"""Accounts and groups: nobody gives a right that they do not have, or takes over an account that has more than theirs."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet


def held_by(user: User) -> QuerySet[Permission]:
    """All permissions of a person: also of an inactive one, for whoever sets their password may wake them up."""
    if user.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(Q(user=user) | Q(group__user=user)).distinct()


def groups_within(user: User) -> QuerySet[Group]:
    """The groups that give nothing beyond what this person has."""
    if user.is_superuser:
        return Group.objects.all()
    return Group.objects.exclude(permissions__in=Permission.objects.exclude(pk__in=held_by(user).values("pk")))


def may_manage(manager: User, user: User) -> bool:
    """Whether this account has nothing beyond what the manager has: managing one is being able to become it."""
    if manager.is_superuser:
        return True
    return not user.is_superuser and not held_by(user).exclude(pk__in=held_by(manager).values("pk")).exists()


def may_manage_group(manager: User, group: Group) -> bool:
    return groups_within(manager).filter(pk=group.pk).exists()
