"""Files that say in their own structure how long they are: boxes of ISO media files, and RIFF."""


def breaks_off(data: bytes) -> bool:
    """Whether a file of boxes or chunks says that it is longer than it is."""
    if data[:4] == b"RIFF":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if data[4:8] != b"ftyp":
        return False
    place = 0
    while place + 16 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16])
        if size < 8:  # 0 says: to the end of the file
            return False
        place += size
    return place > len(data)
