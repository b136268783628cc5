/*
 * Agreement on one epoch, in every order of steps: three honest seats, one that votes for everything, three rounds.
 *
 * What the liar can do best is to add its vote to whatever two honest seats voted for, everywhere at once, and to
 * propose any value to anybody: so a polka needs two honest prevotes, and any value may be proposed at any time. Seats
 * see any part of what was voted. Rules and lines are those of protocols/epoch/epoch-machine.ts.
 *
 *   spin -a epoch.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan        every reachable state
 *   spin -DFORGETFUL -a epoch.pml …                                    without the lock rule: must fail
 */
#define ROUNDS 3
#define NONE   0
#define NIL    1
#define A      2
#define B      3

/* By round and seat. */
byte prevote[9];
byte precommit[9];

#define VOTED(votes, r, v) ((votes[3*(r)] == (v)) + (votes[3*(r)+1] == (v)) + (votes[3*(r)+2] == (v)))
/* Two honest votes and the liar's are a quorum of three of four. */
#define POLKA(r, v)    (VOTED(prevote, r, v) >= 2)
#define QUORUM(r, v)   (VOTED(precommit, r, v) >= 2)
#define ANYBODY(votes, r) (3 - VOTED(votes, r, NONE) >= 2)
/* Line 29: a polka from the round of the lock on, and before this one. */
#define RELEASED(v) ((lockedRound <= 0 && round > 0 && POLKA(0, v)) || \
                     (lockedRound <= 1 && round > 1 && POLKA(1, v)))
#ifdef FORGETFUL
#define MAY(v) true
#else
#define MAY(v) (locked == NONE || locked == (v) || RELEASED(v))
#endif

/* Line 49: whatever has a quorum of precommits some seat may decide, whenever it hears of them. */
#define DECIDABLE(v) (QUORUM(0, v) || QUORUM(1, v) || QUORUM(2, v))
#define AGREEMENT assert(!(DECIDABLE(A) && DECIDABLE(B)))

proctype Seat(byte me) {
  byte round = 0, locked = NONE, lockedRound = 0;
end:
  do
  /* Lines 22, 28 and 57: a value that may be voted for, or nothing. */
  :: d_step { prevote[3*round+me] == NONE && MAY(A) -> prevote[3*round+me] = A }
  :: d_step { prevote[3*round+me] == NONE && MAY(B) -> prevote[3*round+me] = B }
  :: d_step { prevote[3*round+me] == NONE -> prevote[3*round+me] = NIL }
  /* Line 36. */
  :: d_step { prevote[3*round+me] != NONE && precommit[3*round+me] == NONE && POLKA(round, A) ->
       precommit[3*round+me] = A; locked = A; lockedRound = round; AGREEMENT }
  :: d_step { prevote[3*round+me] != NONE && precommit[3*round+me] == NONE && POLKA(round, B) ->
       precommit[3*round+me] = B; locked = B; lockedRound = round; AGREEMENT }
  /* Lines 44 and 61. */
  :: d_step { prevote[3*round+me] != NONE && precommit[3*round+me] == NONE && ANYBODY(prevote, round) ->
       precommit[3*round+me] = NIL }
  /* Line 65. */
  :: d_step { round < ROUNDS - 1 && precommit[3*round+me] != NONE && ANYBODY(precommit, round) -> round++ }
  od
}

init {
  atomic { run Seat(0); run Seat(1); run Seat(2) }
}
