// Draws VChart specifications as Feishu's clients do, and says what became of each: bytes of the picture, different
// colours in it, how many marks of data it has, and which value is on top. Specifications come over stdin as a list of JSON.
// https://www.visactor.io/vchart/guide/tutorial_docs/Cross-terminal_and_Developer_Ecology/node
import { createCanvas, loadImage } from "@napi-rs/canvas";
import vchart from "@visactor/vchart";

const VChart = vchart.default ?? vchart.VChart ?? vchart;
const [WIDTH, HEIGHT] = [600, 300];

async function drawn(spec) {
  const modeParams = { createCanvas, createImage: () => undefined, loadImage, Resvg: undefined };
  const options = { mode: "node", modeParams, animation: false, dpr: 1 };
  // In Node.js it has the size that its specification names, and no other.
  const chart = new VChart({ ...spec, width: WIDTH, height: HEIGHT }, options);
  try {
    await chart.renderAsync();
    const picture = await loadImage(await chart.getImageBuffer());
    const seen = marks(chart);
    return { colours: await colours(picture), marks: seen.length, top: top(seen) };
  } finally {
    chart.release();
  }
}

async function colours(picture) {
  const context = createCanvas(WIDTH, HEIGHT).getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
  return new Set(new Uint32Array(data.buffer)).size;
}

// The marks that stand for a datum each, as far as they can be seen: bars, points, slices.
function marks(chart) {
  const series = chart.getChart().getAllSeries();
  return series.flatMap((one) => one.getMarksWithoutRoot())
    .filter((mark) => ["bar", "point", "pie"].includes(mark.name))
    .flatMap((mark) => mark.getProduct()?.elements ?? [])
    .filter((element) => isSeen(bounds(element)));
}

// What the highest mark stands for.
function top(marks) {
  const [highest] = marks.toSorted((one, other) => bounds(one).y1 - bounds(other).y1);
  return highest ? Object.values(highest.data[0]).filter((value) => typeof value === "string") : [];
}

function bounds(element) {
  return element.getGraphicItem().AABBBounds;
}

function isSeen(bounds) {
  return bounds.width() > 0 && bounds.height() > 0;
}

const specs = JSON.parse(await new Response(process.stdin).text());
const results = [];
for (const spec of specs) {
  try {
    results.push(await drawn(spec));
  } catch (error) {
    results.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(results), () => process.exit(0));
