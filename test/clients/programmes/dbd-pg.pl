# What DBD::Pg makes of a database, line by line. The connection comes from libpq's variables.
use strict;
use warnings;
use utf8;
use DBI;
use DBD::Pg qw(:async);

binmode STDOUT, ':utf8';
my $db = DBI->connect('dbi:Pg:', '', '', { RaiseError => 0, PrintError => 0, AutoCommit => 1 }) or die DBI->errstr;
local $SIG{__WARN__} = sub { print "warning: $_[0]" };

sub note { print join(' | ', map { defined $_ ? $_ : 'null' } @_), "\n" }
sub failure { return ('failed', $db->state, $db->errstr) }

note 'create', $db->do('create table person (id int primary key, name text, tags text[], born date)') || failure();
my $insert = $db->prepare('insert into person values (?, ?, ?, ?)');
note 'insert', $insert->execute(1, 'Ærø 🦊', ['a b', undef], '1970-01-01') || failure();
note 'doubled', $insert->execute(1, undef, undef, undef) || failure();
note 'many', $insert->execute($_, "person $_", [], undef) || failure() for 2 .. 20;

# Prepared on the server at once, and used from several handles.
my $by_id = $db->prepare('select name, tags from person where id = $1', { pg_server_prepare => 1, pg_switch_prepared => 1 });
for my $id (1, 2, 99) {
    $by_id->execute($id);
    while (my @row = $by_id->fetchrow_array) { note 'by id', $row[0], scalar @{ $row[1] } }
}
note 'columns', @{ $db->selectrow_arrayref('select count(*), sum(id) from person') };
note 'syntax', $db->do('selekt') || failure();

$db->begin_work;
$db->do(q{update person set name = 'changed'});
$db->pg_savepoint('before');
note 'division', $db->do('select 1 / 0') || failure();
note 'aborted', $db->do('select 1') || failure();
$db->pg_rollback_to('before');
note 'state', $db->ping, $db->{pg_bool_tf};
$db->rollback;
note 'rolled back', $db->selectrow_array(q{select count(*) from person where name = 'changed'});

$db->do('copy person (id, name) from stdin');
$db->pg_putcopydata("$_\tcopied $_\n") for 100 .. 1099;
note 'copied in', $db->pg_putcopyend;
$db->do('copy (select id, name from person where id >= 100 order by id) to stdout');
my ($line, $bytes) = ('', 0);
$bytes += length $line while $db->pg_getcopydata($line) >= 0;
note 'copied out', $bytes;

$db->do('listen news');
$db->do(q{notify news, 'payload'});
my $heard = $db->pg_notifies;
note 'notified', $heard->[0], $heard->[2];
$db->do(q{do $$ begin raise warning 'hear'; end $$});

# A cancel request that comes before its statement has begun finds nothing to cancel.
my $watch = DBI->connect('dbi:Pg:', '', '', { RaiseError => 1 });
my $asleep = q{select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'};
$db->do('select pg_sleep(60)', { pg_async => PG_ASYNC });
select undef, undef, undef, 0.02 until $watch->selectrow_array($asleep);
$watch->disconnect;
note 'cancelled', $db->pg_cancel ? 'yes' : 'no';
note 'after cancel', $db->selectrow_array('select 1');
note 'tables', map { "$_->[1].$_->[2]" } @{ $db->table_info('', 'public', '%', 'TABLE')->fetchall_arrayref };
note 'described', map { "$_->{COLUMN_NAME} $_->{TYPE_NAME}" } @{ $db->column_info('', 'public', 'person', '%')->fetchall_arrayref({}) };
$by_id->finish;
$db->disconnect;
