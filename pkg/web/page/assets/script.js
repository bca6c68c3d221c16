// What makes tables and charts handier. Everything is there and readable without it.
"use strict";

// Tables marked so are sorted by a click on the head of a column.
for (const table of document.querySelectorAll("table[data-sort]")) {
	const heads = [...table.tHead.rows[0].cells];
	heads.forEach((head, column) => {
		if ("plain" in head.dataset) return;
		const button = document.createElement("button");
		button.type = "button";
		button.append(...head.childNodes);
		head.append(button);
		button.addEventListener("click", () => {
			const numbers = head.classList.contains("n");
			const down = head.ariaSort ? head.ariaSort === "ascending" : numbers;
			for (const other of heads) other.removeAttribute("aria-sort");
			head.ariaSort = down ? "descending" : "ascending";
			sort(table.tBodies[0], column, down);
		});
	});
}

function sort(body, column, down) {
	const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
	const compare = (a, b) => {
		const [x, y] = [value(a), value(b)];
		return x !== "" && y !== "" && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y);
	};
	body.append(...[...body.rows].sort((a, b) => (down ? compare(b, a) : compare(a, b))));
}

// Long tables marked so get a field that leaves only rows with some words.
for (const box of document.querySelectorAll("[data-filter]")) {
	const rows = [...box.querySelector("tbody").rows];
	if (rows.length < 12) continue;
	const tool = document.createElement("p");
	tool.className = "tool";
	const label = document.createElement("label");
	const field = document.createElement("input");
	field.type = "search";
	label.append(box.dataset.filter + " ", field);
	const told = document.createElement("span");
	told.className = "quiet";
	told.setAttribute("role", "status");
	tool.append(label, told);
	box.before(tool);
	field.addEventListener("input", () => {
		const word = field.value.trim().toLowerCase();
		let left = 0;
		for (const row of rows) {
			row.hidden = !row.cells[0].textContent.toLowerCase().includes(word);
			left += row.hidden ? 0 : 1;
		}
		told.textContent = left + " of " + rows.length + " shown";
	});
}

// What a bar or a ribbon stands for is told at once where the pointer is.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);
for (const mark of document.querySelectorAll("[data-tip]")) {
	mark.querySelector("title")?.remove(); // or the browser would show it, too, later
	mark.addEventListener("pointermove", (event) => {
		tip.textContent = mark.dataset.tip;
		tip.hidden = false;
		const box = tip.getBoundingClientRect();
		tip.style.left = Math.max(8, Math.min(event.clientX + 12, innerWidth - box.width - 8)) + "px";
		tip.style.top = Math.max(8, event.clientY - box.height - 12) + "px";
	});
	mark.addEventListener("pointerleave", () => { tip.hidden = true; });
}
