"""The tables of project.db, as migrations in order. Data only.

A migration, once released, never changes; a new need is a new entry. `PRAGMA user_version` holds how many were applied.
Codings, decisions and the text of documents are append-only: triggers refuse to change or delete them.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        source TEXT NOT NULL,
        "case" TEXT NOT NULL,
        kind TEXT NOT NULL,
        language TEXT NOT NULL,
        media_type TEXT NOT NULL,
        encoding TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        text TEXT NOT NULL,
        blocks TEXT NOT NULL,
        notes TEXT NOT NULL,
        version INTEGER NOT NULL,
        supersedes INTEGER REFERENCES documents(id),
        held_out INTEGER NOT NULL DEFAULT 0,
        added TEXT NOT NULL,
        UNIQUE (source, version)
    ) STRICT;
    CREATE INDEX documents_by_sha256 ON documents(sha256);
    CREATE INDEX documents_by_supersedes ON documents(supersedes);

    CREATE TABLE segments (
        id INTEGER PRIMARY KEY,
        document INTEGER NOT NULL REFERENCES documents(id),
        scheme TEXT NOT NULL,
        number INTEGER NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        kind TEXT NOT NULL,
        speaker TEXT NOT NULL,
        UNIQUE (document, scheme, number)
    ) STRICT;

    CREATE TABLE embeddings (
        segment INTEGER NOT NULL REFERENCES segments(id),
        embedder TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (segment, embedder)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE codebooks (
        id TEXT NOT NULL,
        version TEXT NOT NULL,
        yaml TEXT NOT NULL,
        added TEXT NOT NULL,
        PRIMARY KEY (id, version)
    ) STRICT;

    CREATE TABLE coders (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('human', 'model', 'gold')),
        name TEXT NOT NULL,
        UNIQUE (kind, name)
    ) STRICT;

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        signature TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('open', 'assignment')),
        lens TEXT,
        codebook_version TEXT,
        coder INTEGER NOT NULL REFERENCES coders(id),
        model TEXT NOT NULL,
        template TEXT NOT NULL,
        question TEXT NOT NULL,
        scheme TEXT NOT NULL,
        parameters TEXT NOT NULL,
        parent INTEGER REFERENCES runs(id),
        started TEXT NOT NULL
    ) STRICT;

    CREATE TABLE messages (
        digest TEXT PRIMARY KEY,
        role TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE prompts (
        digest TEXT PRIMARY KEY,
        messages TEXT NOT NULL,
        template TEXT NOT NULL,
        language TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        tokens_estimated INTEGER NOT NULL,
        trimmed TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE replies (
        id INTEGER PRIMARY KEY,
        prompt TEXT NOT NULL REFERENCES prompts(digest),
        model TEXT NOT NULL,
        text TEXT NOT NULL,
        finish TEXT NOT NULL,
        refusal TEXT NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cached_tokens INTEGER,
        created TEXT NOT NULL
    ) STRICT;

    CREATE TABLE units (
        run INTEGER NOT NULL REFERENCES runs(id),
        segment INTEGER NOT NULL REFERENCES segments(id),
        state TEXT NOT NULL CHECK (state IN ('pending', 'coded', 'none', 'failed', 'refused')),
        attempts INTEGER NOT NULL DEFAULT 0,
        error_kind TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '',
        reply INTEGER REFERENCES replies(id),
        updated TEXT NOT NULL,
        PRIMARY KEY (run, segment)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX units_by_state ON units(run, state);

    CREATE TABLE codings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('open', 'assignment')),
        coder INTEGER NOT NULL REFERENCES coders(id),
        document INTEGER NOT NULL REFERENCES documents(id),
        segment INTEGER NOT NULL REFERENCES segments(id),
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        quote TEXT NOT NULL,
        quote_status TEXT NOT NULL CHECK (quote_status IN ('exact', 'folded')),
        flags TEXT NOT NULL,
        code TEXT NOT NULL,
        codebook TEXT,
        codebook_version TEXT,
        polarity TEXT,
        modality TEXT,
        voice TEXT,
        rationale TEXT NOT NULL,
        confidence REAL,
        run INTEGER REFERENCES runs(id),
        suggestion INTEGER REFERENCES codings(id),
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX codings_by_run ON codings(run, segment);
    CREATE INDEX codings_by_segment ON codings(segment);
    CREATE INDEX codings_by_suggestion ON codings(suggestion);

    CREATE TABLE discards (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs(id),
        segment INTEGER NOT NULL REFERENCES segments(id),
        attempt INTEGER NOT NULL,
        flaw TEXT NOT NULL,
        detail TEXT NOT NULL,
        raw TEXT NOT NULL,
        code TEXT NOT NULL,
        quote TEXT NOT NULL,
        diff TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX discards_by_unit ON discards(run, segment);

    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY,
        suggestion INTEGER NOT NULL REFERENCES codings(id),
        coder INTEGER NOT NULL REFERENCES coders(id),
        action TEXT NOT NULL CHECK (action IN ('accept', 'edit', 'reject')),
        why TEXT NOT NULL,
        coding INTEGER REFERENCES codings(id),
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX decisions_by_suggestion ON decisions(suggestion, id);

    CREATE TRIGGER codings_never_change BEFORE UPDATE ON codings
        BEGIN SELECT RAISE(ABORT, 'codings are append-only'); END;
    CREATE TRIGGER codings_never_go BEFORE DELETE ON codings
        BEGIN SELECT RAISE(ABORT, 'codings are append-only'); END;
    CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions
        BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
    CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions
        BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
    CREATE TRIGGER text_never_changes BEFORE UPDATE OF text, sha256, source, version ON documents
        BEGIN SELECT RAISE(ABORT, 'a stored text never changes; a changed file is a new version'); END;
    CREATE TRIGGER documents_never_go BEFORE DELETE ON documents
        BEGIN SELECT RAISE(ABORT, 'documents are never deleted'); END;
    CREATE TRIGGER decisions_are_on_model_work BEFORE INSERT ON decisions
        WHEN (SELECT k.kind FROM codings c JOIN coders k ON k.id = c.coder WHERE c.id = NEW.suggestion) IS NOT 'model'
          OR (SELECT kind FROM coders WHERE id = NEW.coder) IS NOT 'human'
        BEGIN SELECT RAISE(ABORT, 'people decide about suggestions of models'); END;
    """,
    """
    ALTER TABLE units ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
    CREATE TEMP TABLE places AS SELECT units.run, units.segment,
        row_number() OVER (PARTITION BY units.run ORDER BY segments.document, segments.number) - 1 AS place
        FROM units JOIN segments ON segments.id = units.segment;
    CREATE UNIQUE INDEX temp.places_by_unit ON places(run, segment);
    UPDATE units SET place =
        (SELECT place FROM places WHERE places.run = units.run AND places.segment = units.segment);
    DROP TABLE places;
    CREATE INDEX units_by_place ON units(run, place);
    CREATE INDEX units_by_segment ON units(segment);

    ALTER TABLE runs ADD COLUMN "repeat" INTEGER NOT NULL DEFAULT 1;

    CREATE TABLE batches (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs(id),
        digest TEXT NOT NULL UNIQUE,
        remote TEXT NOT NULL DEFAULT '',
        input TEXT NOT NULL DEFAULT '',
        file TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL CHECK (state IN ('prepared', 'sent', 'ended')),
        said TEXT NOT NULL DEFAULT '',
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    ) STRICT;
    CREATE INDEX batches_by_run ON batches(run);
    CREATE TABLE batch_items (
        custom_id TEXT PRIMARY KEY,
        batch INTEGER NOT NULL REFERENCES batches(id),
        prompt TEXT NOT NULL REFERENCES prompts(digest),
        "key" TEXT NOT NULL,
        segments TEXT NOT NULL,
        worst REAL NOT NULL,
        state TEXT NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'answered', 'open'))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX batch_items_by_batch ON batch_items(batch, state);

    ALTER TABLE prompts ADD COLUMN schema TEXT NOT NULL DEFAULT '';
    ALTER TABLE replies ADD COLUMN run INTEGER REFERENCES runs(id);
    ALTER TABLE replies ADD COLUMN batch INTEGER REFERENCES batches(id);
    ALTER TABLE replies ADD COLUMN "key" TEXT NOT NULL DEFAULT '';
    ALTER TABLE replies ADD COLUMN cost REAL;
    UPDATE replies SET run = (SELECT units.run FROM units WHERE units.reply = replies.id);
    CREATE INDEX replies_by_run ON replies(run);
    CREATE INDEX replies_by_key ON replies("key") WHERE "key" <> '';

    CREATE TABLE charges (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs(id),
        cost REAL NOT NULL,
        updated TEXT NOT NULL
    ) STRICT;
    CREATE INDEX charges_by_run ON charges(run);

    CREATE TABLE checks (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs(id),
        coding INTEGER NOT NULL REFERENCES codings(id),
        supported TEXT NOT NULL CHECK (supported IN ('yes', 'partly', 'no')),
        why TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (run, coding)
    ) STRICT;
    CREATE INDEX checks_by_coding ON checks(coding);
    CREATE TRIGGER checks_never_change BEFORE UPDATE ON checks
        BEGIN SELECT RAISE(ABORT, 'checks are append-only'); END;
    CREATE TRIGGER checks_never_go BEFORE DELETE ON checks
        BEGIN SELECT RAISE(ABORT, 'checks are append-only'); END;
    """,
    """
    CREATE TABLE golds (
        id INTEGER PRIMARY KEY,
        coder INTEGER NOT NULL REFERENCES coders(id),
        kind TEXT NOT NULL CHECK (kind IN ('open', 'assignment')),
        codebook TEXT,
        codebook_version TEXT,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        blind INTEGER,
        why TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX golds_by_coder ON golds(coder, kind);
    CREATE TABLE gold_units (
        id INTEGER PRIMARY KEY,
        gold INTEGER NOT NULL REFERENCES golds(id),
        document INTEGER NOT NULL REFERENCES documents(id),
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        marked INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX gold_units_by_document ON gold_units(document, start);
    CREATE INDEX gold_units_by_gold ON gold_units(gold);
    ALTER TABLE codings ADD COLUMN gold INTEGER REFERENCES golds(id);
    CREATE INDEX codings_by_gold ON codings(gold) WHERE gold IS NOT NULL;

    CREATE TABLE samples (
        id INTEGER PRIMARY KEY,
        scheme TEXT NOT NULL,
        wanted INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        "by" TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sample_strata (
        sample INTEGER NOT NULL REFERENCES samples(id),
        name TEXT NOT NULL,
        frame INTEGER NOT NULL,
        drawn INTEGER NOT NULL,
        PRIMARY KEY (sample, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sample_units (
        sample INTEGER NOT NULL REFERENCES samples(id),
        segment INTEGER NOT NULL REFERENCES segments(id),
        stratum TEXT NOT NULL,
        chance REAL NOT NULL,
        PRIMARY KEY (sample, segment)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE locks (
        id INTEGER PRIMARY KEY,
        documents TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        seed INTEGER NOT NULL,
        "by" TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE openings (
        id INTEGER PRIMARY KEY,
        "lock" INTEGER NOT NULL REFERENCES locks(id),
        command TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        runs TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;

    CREATE TRIGGER golds_never_change BEFORE UPDATE ON golds
        BEGIN SELECT RAISE(ABORT, 'gold codings are append-only'); END;
    CREATE TRIGGER golds_never_go BEFORE DELETE ON golds
        BEGIN SELECT RAISE(ABORT, 'gold codings are append-only'); END;
    CREATE TRIGGER gold_units_never_change BEFORE UPDATE ON gold_units
        BEGIN SELECT RAISE(ABORT, 'gold codings are append-only'); END;
    CREATE TRIGGER gold_units_never_go BEFORE DELETE ON gold_units
        BEGIN SELECT RAISE(ABORT, 'gold codings are append-only'); END;
    CREATE TRIGGER samples_never_change BEFORE UPDATE ON sample_units
        BEGIN SELECT RAISE(ABORT, 'a drawn sample never changes'); END;
    CREATE TRIGGER samples_never_go BEFORE DELETE ON sample_units
        BEGIN SELECT RAISE(ABORT, 'a drawn sample never changes'); END;
    CREATE TRIGGER openings_never_change BEFORE UPDATE ON openings
        BEGIN SELECT RAISE(ABORT, 'the log of openings is append-only'); END;
    CREATE TRIGGER openings_never_go BEFORE DELETE ON openings
        BEGIN SELECT RAISE(ABORT, 'the log of openings is append-only'); END;
    """,
    """
    CREATE INDEX decisions_by_coding ON decisions(coding);
    CREATE TABLE withdrawals (
        decision INTEGER PRIMARY KEY REFERENCES decisions(id),
        coder INTEGER NOT NULL REFERENCES coders(id),
        why TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE VIEW standing AS SELECT * FROM decisions
        WHERE NOT EXISTS (SELECT 1 FROM withdrawals WHERE withdrawals.decision = decisions.id);

    CREATE TABLE chats (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        model TEXT NOT NULL,
        codebook TEXT NOT NULL,
        coder TEXT NOT NULL,
        begun TEXT NOT NULL
    ) STRICT;
    CREATE TABLE chat_prompts (
        digest TEXT PRIMARY KEY,
        lines TEXT NOT NULL,
        tools TEXT NOT NULL REFERENCES messages(digest)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chat_lines (
        id INTEGER PRIMARY KEY,
        chat INTEGER NOT NULL REFERENCES chats(id),
        number INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
        content TEXT NOT NULL,
        raw TEXT NOT NULL,
        calls TEXT NOT NULL,
        answers TEXT NOT NULL,
        prompt TEXT REFERENCES chat_prompts(digest),
        model TEXT NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cached_tokens INTEGER,
        cost REAL,
        finish TEXT NOT NULL,
        refusal TEXT NOT NULL,
        error TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (chat, number)
    ) STRICT;
    CREATE TABLE chat_sources (
        chat INTEGER NOT NULL REFERENCES chats(id),
        number INTEGER NOT NULL,
        segment INTEGER NOT NULL REFERENCES segments(id),
        PRIMARY KEY (chat, number),
        UNIQUE (chat, segment)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chat_citations (
        line INTEGER NOT NULL REFERENCES chat_lines(id),
        place INTEGER NOT NULL,
        number INTEGER NOT NULL,
        source INTEGER,
        words TEXT NOT NULL,
        start INTEGER,
        end INTEGER,
        status TEXT CHECK (status IN ('exact', 'folded')),
        flags TEXT NOT NULL,
        why TEXT NOT NULL,
        PRIMARY KEY (line, place),
        CHECK ((start IS NULL) = (end IS NULL) AND (start IS NULL) = (status IS NULL)
            AND (start IS NULL OR source IS NOT NULL) AND (start IS NOT NULL OR why <> ''))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chat_decisions (
        decision INTEGER PRIMARY KEY REFERENCES decisions(id),
        chat INTEGER NOT NULL REFERENCES chats(id),
        turn INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX chat_decisions_by_turn ON chat_decisions(chat, turn);

    CREATE TABLE memos (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL,
        coder INTEGER NOT NULL REFERENCES coders(id),
        document INTEGER REFERENCES documents(id),
        segment INTEGER REFERENCES segments(id),
        code TEXT,
        suggestion INTEGER REFERENCES codings(id),
        chat INTEGER REFERENCES chats(id),
        replaces INTEGER REFERENCES memos(id),
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX memos_by_replaces ON memos(replaces);
    CREATE TABLE memo_withdrawals (
        memo INTEGER PRIMARY KEY REFERENCES memos(id),
        coder INTEGER NOT NULL REFERENCES coders(id),
        why TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE VIEW kept_memos AS SELECT * FROM memos
        WHERE NOT EXISTS (SELECT 1 FROM memo_withdrawals WHERE memo_withdrawals.memo = memos.id);
    CREATE VIEW standing_memos AS SELECT * FROM kept_memos
        WHERE NOT EXISTS (SELECT 1 FROM kept_memos AS later WHERE later.replaces = kept_memos.id);

    CREATE TABLE writes (
        id INTEGER PRIMARY KEY,
        decision INTEGER UNIQUE REFERENCES decisions(id),
        memo INTEGER UNIQUE REFERENCES memos(id),
        CHECK ((decision IS NULL) <> (memo IS NULL))
    ) STRICT;
    INSERT INTO writes (decision) SELECT id FROM decisions ORDER BY id;
    CREATE TRIGGER decisions_are_writes AFTER INSERT ON decisions
        BEGIN INSERT INTO writes (decision) VALUES (NEW.id); END;
    CREATE TRIGGER memos_are_writes AFTER INSERT ON memos
        BEGIN INSERT INTO writes (memo) VALUES (NEW.id); END;

    CREATE TRIGGER withdrawals_are_ones_own BEFORE INSERT ON withdrawals
        WHEN NEW.coder IS NOT (SELECT coder FROM decisions WHERE id = NEW.decision)
        BEGIN SELECT RAISE(ABORT, 'people take back only what they decided themselves'); END;
    CREATE TRIGGER memos_are_by_people BEFORE INSERT ON memos
        WHEN (SELECT kind FROM coders WHERE id = NEW.coder) IS NOT 'human'
          OR (NEW.replaces IS NOT NULL AND NEW.coder IS NOT (SELECT coder FROM memos WHERE id = NEW.replaces))
        BEGIN SELECT RAISE(ABORT, 'people write memos and replace only their own'); END;
    CREATE TRIGGER memo_withdrawals_are_ones_own BEFORE INSERT ON memo_withdrawals
        WHEN NEW.coder IS NOT (SELECT coder FROM memos WHERE id = NEW.memo)
        BEGIN SELECT RAISE(ABORT, 'people take back only their own memos'); END;
    CREATE TRIGGER withdrawals_never_change BEFORE UPDATE ON withdrawals
        BEGIN SELECT RAISE(ABORT, 'a withdrawal is append-only'); END;
    CREATE TRIGGER withdrawals_never_go BEFORE DELETE ON withdrawals
        BEGIN SELECT RAISE(ABORT, 'a withdrawal is append-only'); END;
    CREATE TRIGGER chats_never_change BEFORE UPDATE ON chats
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chats_never_go BEFORE DELETE ON chats
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_prompts_never_change BEFORE UPDATE ON chat_prompts
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_prompts_never_go BEFORE DELETE ON chat_prompts
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_lines_never_change BEFORE UPDATE ON chat_lines
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_lines_never_go BEFORE DELETE ON chat_lines
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_sources_never_change BEFORE UPDATE ON chat_sources
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_sources_never_go BEFORE DELETE ON chat_sources
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_citations_never_change BEFORE UPDATE ON chat_citations
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_citations_never_go BEFORE DELETE ON chat_citations
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_decisions_never_change BEFORE UPDATE ON chat_decisions
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER chat_decisions_never_go BEFORE DELETE ON chat_decisions
        BEGIN SELECT RAISE(ABORT, 'a conversation is append-only'); END;
    CREATE TRIGGER memos_never_change BEFORE UPDATE ON memos
        BEGIN SELECT RAISE(ABORT, 'memos are append-only'); END;
    CREATE TRIGGER memos_never_go BEFORE DELETE ON memos
        BEGIN SELECT RAISE(ABORT, 'memos are append-only'); END;
    CREATE TRIGGER memo_withdrawals_never_change BEFORE UPDATE ON memo_withdrawals
        BEGIN SELECT RAISE(ABORT, 'a withdrawal is append-only'); END;
    CREATE TRIGGER memo_withdrawals_never_go BEFORE DELETE ON memo_withdrawals
        BEGIN SELECT RAISE(ABORT, 'a withdrawal is append-only'); END;
    CREATE TRIGGER writes_never_change BEFORE UPDATE ON writes
        BEGIN SELECT RAISE(ABORT, 'the log of writes is append-only'); END;
    CREATE TRIGGER writes_never_go BEFORE DELETE ON writes
        BEGIN SELECT RAISE(ABORT, 'the log of writes is append-only'); END;
    """,
)
