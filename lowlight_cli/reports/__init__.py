"""What people look at after a run: pages, tables, comparison strips and contact sheets; no inference.

``measure`` and ``flags`` judge pairs of pictures, ``item`` prepares them for show, and ``run_page``,
``text_forms``, ``strip`` and ``contact_sheet`` show them.

To build another page, of an evaluation for example, call ``page.render(template, **values)`` with a template
that extends ``layout.html.j2``, which brings style, script and security policy, and imports what it needs of
``parts.html.j2``: ``tile_row``, ``wipe``, ``histogram``, ``chip``, ``sortable``, ``page_links``.
"""
