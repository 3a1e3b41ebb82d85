// node pictures.mjs CHROMIUM PAGE FOLDER [FRAGMENT [SCALE]]: the page as it looks
// wide and narrow, dark and light.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Page } from './chromium.mjs';

const [program, file, folder, fragment = '', scale = '1'] = process.argv.slice(2);
const page = await Page.start(program);
try {
  for (const [name, width, height] of [['wide', 1280, 860], ['narrow', 360, 780]]) {
    for (const theme of ['light', 'dark']) {
      await page.size(width, height, Number(scale));
      await page.theme(theme);
      await page.open(pathToFileURL(file).href + fragment);
      writeFileSync(join(folder, `${name}-${theme}.png`), await page.picture());
    }
  }
  for (const line of page.complaints) console.error(line);
} finally {
  await page.close();
}
