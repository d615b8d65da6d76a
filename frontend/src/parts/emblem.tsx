import type { Task } from "muster-client";

/** A picture for each category, so a task is recognised before it is read. */
const EMBLEMS: Record<Task["category"], string> = {
  rescue: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM5.6 5.6l3.6 3.6M14.8 14.8l3.6 3.6M18.4 5.6l-3.6 3.6M9.2 14.8l-3.6 3.6",
  city: "M4 21V9l6-3v15M10 21V4l10 4v13M14 12h2M14 16h2",
  culture: "M4 5c3-1.5 6-1.5 8 0v15c-2-1.5-5-1.5-8 0zM20 5c-3-1.5-6-1.5-8 0v15c2-1.5 5-1.5 8 0z",
  care: "M12 20s-8-5-8-11a4.5 4.5 0 0 1 8-2.5A4.5 4.5 0 0 1 20 9c0 6-8 11-8 11z",
  community: "M3 11l9-7 9 7M6 10v10h12V10M10 20v-6h4v6",
  environment: "M5 19c0-9 5-14 15-14 0 10-5 15-13 14M5 21c1-5 4-8 8-10",
  healthcare: "M9 3h6v6h6v6h-6v6H9v-6H3V9h6z",
  psychology: "M4 5h16v11H10l-4 4v-4H4zM8 10h8",
  legal: "M12 4v16M6 20h12M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z",
  patrol: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM9 12l2 2 4-4",
};

export function Emblem({ category }: { category: Task["category"] }) {
  return (
    <svg viewBox="0 0 24 24" class="emblem" aria-hidden="true">
      <path d={EMBLEMS[category] ?? EMBLEMS.community} />
    </svg>
  );
}
