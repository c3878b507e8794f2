import { expect } from 'chai';
import { parseObject } from '../../lib/json';

describe('parseObject', () => {
  it('returns the object in a text', () => {
    expect(parseObject('{"id":1}')).to.deep.equal({ id: 1 });
  });

  for (const text of ['', '{', '1', '"text"', 'true', 'null', '[1]', undefined]) {
    it(`returns undefined for ${JSON.stringify(text)}`, () => {
      expect(parseObject(text)).to.equal(undefined);
    });
  }
});
