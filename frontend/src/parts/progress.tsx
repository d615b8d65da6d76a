import type { Progress } from "muster-client";
import { t } from "../i18n";

/** A bar of how many of those needed have accepted. */
export function ProgressBar({ progress }: { progress: Progress }) {
  const { accepted, headcount } = progress;
  const text = t("progress_label", { accepted, headcount });
  const share = `${(100 * Math.min(1, accepted / Math.max(1, headcount))).toFixed(1)}%`;
  return (
    <div class="progress">
      <div class="track" role="progressbar" aria-valuemin={0} aria-valuemax={headcount} aria-valuenow={accepted} aria-label={text}>
        {/* Set as a property, not as an attribute: the policy of the pages allows no attribute `style`. */}
        <span class="done" style={{ width: share }} />
      </div>
      <p class="hint">{text}</p>
    </div>
  );
}
