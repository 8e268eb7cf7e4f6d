import { isRecord } from '../../base/guards';

/** What a schema allows, in words: `an integer, at least 1`, `one of lora, pissa`, `a number above 0, or null`. */
export function describeSchema(schema: Record<string, unknown>): string {
  if (Array.isArray(schema.anyOf)) {
    return schema.anyOf
      .filter(isRecord)
      .map((branch) => describeSchema(branch))
      .join(', or ');
  }
  const words = allowedWords(schema);
  if (words.length === 1) return words.join();
  if (words.length > 1) return `one of ${words.join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return `an integer${bounds(schema)}`;
    case 'number':
      return `a number${bounds(schema)}`;
    case 'string':
      return typeof schema.maxLength === 'number' ? `text of 1 to ${schema.maxLength} characters` : 'text';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array': {
      const items = isRecord(schema.items) ? describeItems(schema.items) : 'values';
      const most = typeof schema.maxItems === 'number' ? ` of at most ${schema.maxItems}` : '';
      return `a list${most} of ${items}${schema.uniqueItems === true ? ', each once' : ''}`;
    }
    case 'object':
      return 'a section with keys';
    default:
      return 'another value';
  }
}

/** The words of an enum, also where it is one branch of several. */
export function allowedWords(schema: Record<string, unknown>): string[] {
  if (Array.isArray(schema.enum)) return schema.enum.map(String);
  if (Array.isArray(schema.anyOf)) return schema.anyOf.filter(isRecord).flatMap(allowedWords);
  return [];
}

function describeItems(schema: Record<string, unknown>): string {
  const words = allowedWords(schema);
  if (words.length > 0) return words.join(', ');
  switch (schema.type) {
    case 'integer':
      return `integers${bounds(schema)}`;
    case 'number':
      return `numbers${bounds(schema)}`;
    default:
      return 'text';
  }
}

function bounds(schema: Record<string, unknown>): string {
  const parts: string[] = [];
  const add = (keyword: string, words: string): void => {
    const bound = schema[keyword];
    if (typeof bound === 'number') parts.push(`${words} ${bound}`);
  };
  add('minimum', 'at least');
  add('exclusiveMinimum', 'above');
  add('maximum', 'at most');
  add('exclusiveMaximum', 'below');
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}
