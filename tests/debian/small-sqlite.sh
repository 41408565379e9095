# sqlite3: a table, an index, a transaction that is rolled back, a write-ahead log, and whole at the end.
# Needs: sqlite3
cd "$(mktemp -d)"
sqlite3 data <<'END'
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
  insert into t select i, 'row ' || i, i * 0.5 from n;
create index by_name on t(name);
select count(*), sum(value), max(name) from t;
begin; delete from t where id > 10; select count(*) from t; rollback;
select count(*) from t;
pragma journal_mode = wal;
update t set value = value + 1 where id % 2 = 0;
select sum(value) from t;
pragma wal_checkpoint(truncate);
pragma integrity_check;
END
sqlite3 data 'select name from t where id = 4711; vacuum;'; ls
