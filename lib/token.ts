/** What Dribbble's token endpoint answers. There is no refresh token and no expiry. */
export interface DribbbleTokenResponse {
  /** The access token, for `Authorization: Bearer`. It lives until the person revokes it. */
  access_token: string;
  /** Always `bearer`, in this or another case. */
  token_type?: string;
  /** The scopes granted, separated by spaces. */
  scope?: string;
  /** When the token was issued, in epoch seconds. */
  created_at?: number;
  [field: string]: unknown;
}

/**
 * A token answer that can be used (RFC 6749, section 5.1), or undefined. A token of another type than bearer must
 * not be used; one with other characters than visible ASCII (appendix A.12) does not fit into a header.
 */
export function parseTokenResponse(
  json: Record<string, unknown> | undefined,
): DribbbleTokenResponse | undefined {
  const { access_token, token_type = 'bearer' } = json ?? {};
  if (typeof access_token !== 'string' || !/^[\x21-\x7e]+$/.test(access_token)) return undefined;
  if (typeof token_type !== 'string' || token_type.toLowerCase() !== 'bearer') return undefined;
  return json as DribbbleTokenResponse;
}
