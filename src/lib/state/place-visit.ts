/** @file From an address to the place that it names: what it is about is opened, as far as the page has it. */
import type { Library } from './library.ts';
import { firstOf } from './library.ts';
import { type PlaceAddress, readPlace } from './place-address.ts';
import type { Workspace } from './workspace.svelte.ts';

/** The address of where the person is now. */
export function addressOf({ place, model, picture, question }: Workspace, { models, images }: Library): PlaceAddress {
  const { view, tab, selection, details } = place;
  const bundled = models.find(({ sha256 }) => sha256 !== undefined && sha256 === model?.sha256)?.id;
  const image = images.find(({ url }) => url === picture.source?.url)?.id;
  return {
    view,
    tab,
    selection,
    details,
    model: bundled ?? model?.sha256 ?? '',
    image: image ?? picture.info?.sha256 ?? '',
    chosen: question.chosen,
  };
}

/**
 * Goes where `fragment` leads. `started`: the engine's start, where the page has only just been opened; then what the address
 * does not name is chosen as on a first visit. A fragment that names no place is told and otherwise ignored.
 */
export async function visit(
  workspace: Workspace,
  library: Library,
  fragment: string,
  started: Promise<unknown> | null = null,
): Promise<void> {
  const read = readPlace(fragment);
  const address = typeof read === 'string' ? null : read;
  if (typeof read === 'string') workspace.tell(`The address leads nowhere: ${read}. Choose a view on the left.`);
  if (address) enter(workspace, address);
  await Promise.all([openModel(workspace, library, address, started), openImage(workspace, library, address, started)]);
  if (!address || address.view === 'explain') return;
  // Opening has forgotten the class, and may have come late: the newest address has the last word.
  const { model, question, place } = workspace;
  if (place.view === address.view && (model?.classes ?? 0) > (address.chosen ?? 0)) question.chosen = address.chosen;
}

function enter({ place }: Workspace, { view, tab, selection, details }: PlaceAddress): void {
  place.go(view, view === 'inside' ? tab : place.tab);
  if (view === 'explain') return;
  place.details = details;
  if (selection.layer === null) return;
  place.pickLayer(selection.layer);
  if (view === 'inside') place.selection = selection;
}

type Starting = Promise<unknown> | null;

async function openModel(workspace: Workspace, { models }: Library, to: PlaceAddress | null, started: Starting) {
  const wanted = to?.model ?? '';
  const found = models.find(({ id, sha256 }) => wanted !== '' && (id === wanted || sha256 === wanted));
  if (wanted === '' || found) {
    const model = found ?? (started && firstOf(models));
    if (model && !(model.sha256 && model.sha256 === workspace.model?.sha256)) {
      await workspace.openBundledModel(model, started ?? undefined);
    }
  } else if (wanted !== workspace.model?.sha256) {
    workspace.tell(missing('model', wanted));
  }
}

async function openImage(workspace: Workspace, { images }: Library, to: PlaceAddress | null, started: Starting) {
  const wanted = to?.image ?? '';
  const found = images.find(({ id }) => id === wanted);
  if (wanted === '' || found) {
    const image = found ?? (started && firstOf(images));
    if (image && image.url !== workspace.picture.source?.url) {
      await workspace.openBundledImage(image, started ?? undefined);
    }
  } else if (wanted !== workspace.picture.info?.sha256) {
    workspace.tell(missing('image', wanted));
  }
}

/** Files of a person's own are nowhere but with them. */
const missing = (what: string, wanted: string): string =>
  /^[0-9a-f]{64}$/.test(wanted)
    ? `The address is about the ${what} with the SHA-256 ${wanted.slice(0, 8)}…, which does not come with the page. Drop its file here to see the place.`
    : `The address is about the ${what} “${wanted.slice(0, 40)}”, which does not come with the page. Choose another one above.`;
