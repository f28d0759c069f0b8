import { describe, expect, it } from "vitest";
import { memberNote, readMemberNote } from "./member-note.ts";

describe("the note of a member", () => {
  it("says which process it is, and where its state is served", () => {
    const note = { process: "host-1-ab", api: "http://127.0.0.1:9464" };

    expect(readMemberNote(memberNote(note))).toEqual(note);
    expect(readMemberNote(memberNote({ ...note, api: null }))).toEqual({ ...note, api: null });
  });

  it.each(["", "plain", "{}", '{"v":2,"process":"p"}', '{"v":1}', "null"])(
    "is none where it is another program's: %j",
    (text) => {
      expect(readMemberNote(text)).toBeNull();
    },
  );
});
