/** Of Vitrine, as in package.json: results, links and files say which one made them. */
export const VERSION = '0.1.0';
