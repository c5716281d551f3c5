"""Words of names and addresses, for finding people by the beginning of any of them.

A table of its own, kept by triggers that fire only when a name or address changed: the profile row itself
is written with every batch, and a full-text index on it would be written along each time.
"""

from django.db import migrations

FORWARD = """
CREATE TABLE profile_search (profile_id uuid PRIMARY KEY, words tsvector NOT NULL);
CREATE INDEX profile_search_words ON profile_search USING gin (words);

CREATE FUNCTION profile_search_words(name text, email text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simple', left(regexp_replace(lower(name || ' ' || email), '[^[:alnum:]]+', ' ', 'g'), 2000))
$$;

CREATE FUNCTION profile_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO profile_search VALUES (NEW.id, profile_search_words(NEW.display_name, NEW.email))
    ON CONFLICT (profile_id) DO UPDATE SET words = excluded.words;
    RETURN NULL;
END $$;
CREATE FUNCTION profile_search_drop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM profile_search WHERE profile_id = OLD.id;
    RETURN NULL;
END $$;
CREATE FUNCTION profile_search_clear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE profile_search;
    RETURN NULL;
END $$;

CREATE TRIGGER profile_search_inserted AFTER INSERT ON profile FOR EACH ROW
    WHEN (NEW.display_name <> '' OR NEW.email <> '') EXECUTE FUNCTION profile_search_keep();
CREATE TRIGGER profile_search_updated AFTER UPDATE ON profile FOR EACH ROW
    WHEN (OLD.display_name IS DISTINCT FROM NEW.display_name OR OLD.email IS DISTINCT FROM NEW.email)
    EXECUTE FUNCTION profile_search_keep();
CREATE TRIGGER profile_search_deleted AFTER DELETE ON profile FOR EACH ROW
    EXECUTE FUNCTION profile_search_drop();
CREATE TRIGGER profile_search_truncated AFTER TRUNCATE ON profile FOR EACH STATEMENT
    EXECUTE FUNCTION profile_search_clear();

INSERT INTO profile_search SELECT id, profile_search_words(display_name, email) FROM profile
    WHERE display_name <> '' OR email <> '';
"""

BACK = """
DROP TRIGGER profile_search_inserted ON profile;
DROP TRIGGER profile_search_updated ON profile;
DROP TRIGGER profile_search_deleted ON profile;
DROP TRIGGER profile_search_truncated ON profile;
DROP FUNCTION profile_search_keep(), profile_search_drop(), profile_search_clear();
DROP FUNCTION profile_search_words(text, text);
DROP TABLE profile_search;
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
