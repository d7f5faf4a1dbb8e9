"""Put the repository's address into the pages. It is written once, in _config.yml.

In a page under book/:

    {{ repository }}    the repository itself
    {{ folder }}        what `git clone` calls its folder
    {{ on_github }}     the site's view of a file: {{ on_github }}/README.md
    {{ in_colab }}      the notebook opened in Colab: {{ in_colab }}/chapters/01_text.ipynb
"""


def addresses(theme_options):
    url, branch = theme_options["repository_url"].rstrip("/"), theme_options["repository_branch"]
    owner_and_name = url.removeprefix("https://github.com/")
    colab = theme_options["launch_buttons"]["colab_url"].rstrip("/")
    return {
        "repository": url,
        "folder": url.rsplit("/", 1)[-1],
        "on_github": f"{url}/blob/{branch}",
        "in_colab": f"{colab}/github/{owner_and_name}/blob/{branch}",
    }


def fill_in(app, docname, source):
    if docname.startswith("book/"):
        for name, address in addresses(app.config.html_theme_options).items():
            source[0] = source[0].replace("{{ " + name + " }}", address)


def setup(app):
    app.connect("source-read", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
