// The chart of the round trips: bars for each strategy in each situation, on a light or a dark page.
import { ALL, SITUATIONS } from './measure.mjs';
import { OURS } from './strategies.mjs';

const WIDTH = 760;
const LEFT = 230;
const BAR = 18;
const GAP = 34;
const TOP = 78;

export function chart(trips, conditions) {
  const most = Math.ceil(Math.max(...Object.values(trips).flatMap((byName) => Object.values(byName))));
  const unit = (WIDTH - LEFT - 50) / most;
  const group = ALL.length * BAR + GAP;
  const bottom = TOP + Object.keys(trips).length * group;

  const bars = Object.entries(trips).flatMap(([situation, byName], row) => {
    const y = TOP + row * group;
    return [
      text(16, y - 7, SITUATIONS[situation], 'situation'),
      ...Object.entries(byName).flatMap(([name, value], index) => {
        const middle = y + index * BAR + 13;
        const kind = name === OURS ? 'ours' : 'other';
        return [
          text(LEFT - 8, middle, name, `${kind} name`),
          `<rect class="${kind}" x="${String(LEFT)}" y="${String(y + index * BAR + 2)}" width="${(value * unit).toFixed(1)}" height="${String(BAR - 4)}" rx="2"/>`,
          text((LEFT + value * unit + 6).toFixed(1), middle, value.toFixed(1), `${kind} value`),
        ];
      }),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(bottom + 10)}" role="img" aria-labelledby="title">
<title id="title">Round trips between pressing Authorize and being signed in: ${summary(trips)}</title>
<style>
text { font: 13px system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #59636e; }
.heading { font-size: 15px; font-weight: 600; fill: #1f2328; }
.situation { font-weight: 600; fill: #1f2328; }
.name { text-anchor: end; }
text.ours { fill: #1f2328; font-weight: 600; }
rect.ours { fill: #c32361; }
rect.other { fill: #afb8c1; }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; }
  .heading, .situation, text.ours { fill: #f0f6fc; }
  rect.ours { fill: #ea4c89; }
  rect.other { fill: #59636e; }
}
</style>
${[text(16, 22, 'Round trips between pressing Authorize and being signed in', 'heading'), text(16, 40, `less is better; ${conditions}`, 'conditions'), ...bars].join('\n')}
</svg>
`;
}

function text(x, y, content, kind) {
  return `<text class="${kind}" x="${String(x)}" y="${String(y)}">${content}</text>`;
}

/** What those hear who don't see the bars. */
function summary(trips) {
  return Object.entries(trips)
    .map(([situation, byName]) => {
      const all = Object.entries(byName).map(([name, value]) => `${name} ${value.toFixed(1)}`);
      return `${SITUATIONS[situation]}, ${all.join(', ')}`;
    })
    .join('; ');
}
