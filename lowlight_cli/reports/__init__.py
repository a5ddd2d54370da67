"""Reports about a run: HTML pages, tables, comparisons and contact sheets; nothing is enhanced here.

``measure`` and ``flags`` judge pairs of images, ``report_item`` prepares them, and ``run_page``,
``text_formats``, ``side_by_side`` and ``contact_sheet`` show them.

To build another page, call ``page.render(template, **values)`` with a template that extends
``layout.html.j2``, which has the style, the script and the security policy, and imports the macros it needs
from ``parts.html.j2``: ``tile_row``, ``wipe``, ``histogram``, ``chip``, ``sortable``, ``page_links``.
"""
