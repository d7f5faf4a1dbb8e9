// What JupyterLab's settings cannot say: which names are of a kind, and what to show at first.
// Written in the form in which it loads extensions, so that nothing has to be built.
(() => {
  const chapters = {
    id: "afterword-chapters:plugin",
    autoStart: true,
    activate: ({commands, docRegistry, restored, shell}) => {
      // scripts whose name begins with a number, as no module's can, open as notebooks
      docRegistry.addFileType(
        {name: "chapter", displayName: "Chapter", contentType: "notebook", pattern: "^\\d\\d_\\w+\\.py$"},
        ["Jupytext Notebook"],
      );
      // the table of contents, and the welcome page where there is nothing from last time
      const asksForFile = /\.\w+$/.test(location.pathname);
      restored.then(async () => {
        await commands.execute("toc:show-panel");
        if (!asksForFile && ![...shell.widgets("main")].some(({context}) => context))
          await commands.execute("docmanager:open", {path: "book/lab/welcome.md"});
      });
    },
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["afterword-chapters"] = {
    init: () => {},
    get: async () => () => chapters,
  };
})();
