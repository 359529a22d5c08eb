"""The shop's routes: public pages, the checkout, an order's own pages, and the API."""

from troth.shop.web import api, checkout, orders, pages

FORMS = (*checkout.FORMS, *orders.FORMS)
ROUTES = (*pages.ROUTES, *checkout.ROUTES, *orders.ROUTES, *api.ROUTES)
