// Short names for what the pages do with their elements.

export const at = (id) => document.getElementById(id);

export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

export function button(text, onClick, className = "") {
  const made = make("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

// Saves what a server sent as a file.
export function save(blob, name) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

// Files that are dropped anywhere on the page, `over` marks that one is held above it.
export function onDrop(over, take) {
  const page = document.documentElement;
  const mark = (isOver) => over.classList.toggle("over", isOver);
  page.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  page.addEventListener("dragleave", (event) => event.relatedTarget ?? mark(false));
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}
